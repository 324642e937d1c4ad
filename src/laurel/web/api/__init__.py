"""Our own API under /api/v1: one module a resource, each with its wire types and a list of handlers."""
