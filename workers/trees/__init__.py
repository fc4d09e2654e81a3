"""Trees and what is drawn of them."""
