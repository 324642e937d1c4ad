"""Is a credential genuine? Anything offered, our own or another issuer's, with the look-ups that answering takes."""
