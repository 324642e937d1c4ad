"""What lies outside the process: clock, mail, HTTP, files. Each has a real one and an offline double, both shipped."""
