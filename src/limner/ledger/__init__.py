"""What Limner keeps in its database: client keys, and the secret that hashes them."""
