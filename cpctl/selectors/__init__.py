"""How objects and what is in them are chosen: labels, fields, order, JSONPath. Pure."""
