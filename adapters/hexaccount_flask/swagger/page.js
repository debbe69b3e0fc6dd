"use strict";

SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: "/swagger.json",
  // Else the address of the document would be sent to a service elsewhere, to be validated.
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
});
