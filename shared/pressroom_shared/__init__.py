"""What every Pressroom service needs: event contracts, the stream layer, stores, settings. No service's logic."""
