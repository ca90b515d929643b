// What the browser's library of types does not know: libraries that pages load beside our modules, vendors' own names in
// web views, and that what we look for in a page are HTML elements.

interface ParentNode {
  querySelector<K extends keyof HTMLElementTagNameMap>(selectors: K): HTMLElementTagNameMap[K] | null;
  querySelector<E extends Element = HTMLElement>(selectors: string): E | null;
  querySelectorAll<K extends keyof HTMLElementTagNameMap>(selectors: K): NodeListOf<HTMLElementTagNameMap[K]>;
  querySelectorAll<E extends Element = HTMLElement>(selectors: string): NodeListOf<E>;
}

interface Element {
  closest<E extends Element = HTMLElement>(selectors: string): E | null;
}

// hls.js and tus-js-client, loaded as plain scripts (academy/web/static/vendor).
declare var Hls: any;
declare var tus: any;

// Written by the server before the code of the service worker.
declare const VERSION: string;
declare const SHELL: string;
declare const FILES: string[];

interface Window {
  Hls: any;
  tus: any;
  ManagedMediaSource: any;
  MediaSource: any;
}

interface Navigator {
  connection?: { saveData?: boolean; type?: string; effectiveType?: string };
}

interface Document {
  webkitFullscreenElement?: Element | null;
  webkitExitFullscreen?: () => Promise<void>;
}

interface HTMLElement {
  webkitRequestFullscreen?: () => Promise<void>;
}

interface HTMLVideoElement {
  webkitSupportsFullscreen?: boolean;
  webkitEnterFullscreen?: () => void;
}

interface ScreenOrientation {
  lock?: (orientation: string) => Promise<void>;
}
