import { Editor } from "./captions/editor.js";

for (const root of document.querySelectorAll("[data-captions]")) if (root instanceof HTMLElement) new Editor(root);
