// A button under a password field shows what is typed: nobody types a password blind twice.

for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[data-reveal]"))) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "reveal" });
  const label = () => (button.textContent = field.type === "password" ? field.dataset.reveal : field.dataset.conceal);
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => {
    field.type = field.type === "password" ? "text" : "password";
    label();
    field.focus();
  });
  label();
  field.after(button);
  // Sent as a password: browsers offer to keep it only then.
  field.form?.addEventListener("submit", () => {
    field.type = "password";
  });
}

export {};
