"""How cpctl talks to a platform: rules without effects, one transport, paging, problems."""
