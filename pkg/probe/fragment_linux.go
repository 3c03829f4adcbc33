package probe

import (
	"errors"
	"net"
	"syscall"
)

// dontFragment makes a socket send whole packets, whatever the kernel believes of the path: a packet that is too big
// is lost, as it would be for others.
func dontFragment(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = errors.Join(
			syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_MTU_DISCOVER, syscall.IP_PMTUDISC_PROBE),
			ignoreIPv4(syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_MTU_DISCOVER, syscall.IPV6_PMTUDISC_PROBE)),
		)
	})
	return errors.Join(err, set)
}

// ignoreIPv4 drops the error of a socket that has no IPv6.
func ignoreIPv4(err error) error {
	if errors.Is(err, syscall.ENOPROTOOPT) || errors.Is(err, syscall.EOPNOTSUPP) {
		return nil
	}
	return err
}
