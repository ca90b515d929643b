"""What a file really is: formats by content, streams, packets."""
