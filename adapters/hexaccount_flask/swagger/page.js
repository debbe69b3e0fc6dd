"use strict";

// A browser that blocks cookies refuses its storage, too.
function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

const KEEP = "hexaccount-keep-token";
const store = storage();
const keep = document.getElementById("keep");
keep.disabled = store === null;
keep.checked = store?.getItem(KEEP) === "yes";

const page = SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: "../swagger.json",
  // Else the address of the document would be sent to a service elsewhere, to be validated.
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: keep.checked,
});

keep.addEventListener("change", () => {
  page.getConfigs().persistAuthorization = keep.checked;
  if (keep.checked) {
    store.setItem(KEEP, "yes");
    page.authActions.persistAuthorizationIfNeeded();
  } else {
    store.removeItem(KEEP);
    store.removeItem("authorized"); // where Swagger UI keeps it
  }
});
