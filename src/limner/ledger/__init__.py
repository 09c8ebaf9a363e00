"""What Limner keeps in its database: client keys, generations and their money, and the secret that hashes keys."""
