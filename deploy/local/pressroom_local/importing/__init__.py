"""`pressroom import`: another system's export, through the API, into this newspaper."""
