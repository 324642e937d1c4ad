"""How an organisation arranges its achievements: searching them, collections, subjects, custom attribute keys."""
