import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["**/node_modules/", "academy/web/static/vendor/", "**/.*/", "tests/**", "benchmarks/**"] },
  js.configs.recommended,
  {
    files: ["academy/web/static/js/**/*.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: { ...globals.browser, Hls: "readonly", tus: "readonly" } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "consistent-return": "off",
      "default-case-last": "error",
      "eqeqeq": "error",
      "max-depth": ["error", 4],
      "max-lines": ["error", 300],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "no-alert": "error",
      "no-console": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-param-reassign": "off",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Put nodes together; text is never read as markup." },
        { property: "outerHTML", message: "Put nodes together; text is never read as markup." },
        { property: "insertAdjacentHTML", message: "Put nodes together; text is never read as markup." },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "Literal[value=/[\\u3000-\\u303f\\u3400-\\u9fff\\uff00-\\uffef]/]", message: "The page gives a script its words (data-words)." },
        { selector: "TemplateElement[value.raw=/[\\u3000-\\u303f\\u3400-\\u9fff\\uff00-\\uffef]/]", message: "The page gives a script its words (data-words)." },
      ],
      "no-shadow": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
      "prefer-template": "error",
    },
  },
  {
    files: ["frontend/**/*.js"],
    languageOptions: { ecmaVersion: 2024, sourceType: "module", globals: { ...globals.node, ...globals.browser } },
  },
];
