// Lets the declarations with go:linkname in this package go without bodies.
