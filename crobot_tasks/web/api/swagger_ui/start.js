// no validator: it would send the description elsewhere
SwaggerUIBundle({ url: "../openapi.json", dom_id: "#page", validatorUrl: null, persistAuthorization: false });
