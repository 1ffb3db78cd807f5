"use strict";
// No part of the page comes from elsewhere: the validator's badge would.
SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.schema,
  dom_id: "#swagger-ui",
  deepLinking: true,
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
});
