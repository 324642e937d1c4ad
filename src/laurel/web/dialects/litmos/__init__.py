"""The Litmos API v1 under /v1.svc: the achievements feed and its neighbours, on Laurel's domain."""
