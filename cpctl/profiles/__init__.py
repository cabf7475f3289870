"""Who is asked, as whom, and within which limits: config.toml, environment, secrets."""
