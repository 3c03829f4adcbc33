//go:build !linux

package probe

import "net"

// dontFragment is for Linux, where probe pods run.
func dontFragment(*net.UDPConn) error { return nil }
