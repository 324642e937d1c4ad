"""The Nudj dialect: its Integration and Admin APIs over the domain. Parses, translates and renders; holds no rules."""
