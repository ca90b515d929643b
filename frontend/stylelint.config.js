// Colours, letters and spaces are tokens: custom properties, said once in css/tokens.css for light and dark, or at the head
// of the one part that they belong to. A rule that paints or spaces something names a token.
const COLOUR = ["/#[0-9a-fA-F]{3,8}\\b/", "/\\b(?:rgb|hsl)a?\\(/", "/\\b(?:hwb|lab|lch|oklab|oklch|color|color-mix)\\(/"];
const LENGTH = ["/(?=[\\d.]*[1-9])[\\d.]+(?:rem|px|pt)\\b/"]; // but for nothing, 0px

export default {
  rules: {
    "block-no-empty": true,
    "color-named": "never",
    "declaration-block-no-duplicate-properties": [true, { ignore: ["consecutive-duplicates-with-different-values"] }],
    "declaration-property-value-disallowed-list": {
      "/^(?!--)/": COLOUR,
      "/^(?:font|font-size|margin(?:-.*)?|padding(?:-.*)?|(?:row-|column-)?gap|border-(?:.*-)?radius)$/": [...LENGTH, ...COLOUR],
    },
    "font-family-no-missing-generic-family-keyword": true,
    "no-duplicate-at-import-rules": true,
    "no-invalid-double-slash-comments": true,
    "property-no-unknown": true,
    "selector-pseudo-class-no-unknown": true,
    "selector-type-no-unknown": true,
    "unit-no-unknown": true,
  },
  overrides: [{ files: ["**/tokens.css"], rules: { "declaration-property-value-disallowed-list": null } }],
};
