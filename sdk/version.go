package sdk

// Version is that of this package. It says nothing about compatibility: that
// is decided by the protocol and its features.
const Version = "0.2.0"
