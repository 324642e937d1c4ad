"""What people let applications do in their name: registered applications, consents, codes and tokens (OAuth 2.0)."""
