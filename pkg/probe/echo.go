package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
)

// The first byte of a datagram tells a request from an answer, so that two servers never answer each other. The word of the
// run follows in both.
const (
	request = 'Q'
	answer  = 'A'
)

// echo sends bytes to the echo port of a peer and wants them back whole.
func echo(ctx context.Context, t Task) (string, error) {
	conn, err := dial(ctx, t.Network, t.address())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if t.Network == "tcp" {
		return echoStream(conn, t.Word, t.Size)
	}
	return echoDatagram(conn.(*net.UDPConn), t.Word, t.Size)
}

// echoStream sends the word first, which does not come back.
func echoStream(conn net.Conn, word string, size int) (string, error) {
	sent := pattern(size)
	failed := make(chan error, 1)
	go func() {
		_, err := conn.Write(append([]byte(word), sent...))
		failed <- err
	}()
	back := make([]byte, size)
	n, err := io.ReadFull(conn, back)
	if err != nil {
		conn.Close() // ends the writing
		return "", fmt.Errorf("%d of %d bytes came back: %w", n, size, errors.Join(err, <-failed))
	}
	if !bytes.Equal(sent, back) {
		return "", fmt.Errorf("%d bytes came back changed", size)
	}
	return fmt.Sprintf("%d bytes", size), <-failed
}

// echoDatagram sends a datagram of a size, or larger if the word takes more.
func echoDatagram(conn *net.UDPConn, word string, size int) (string, error) {
	if err := dontFragment(conn); err != nil {
		return "", fmt.Errorf("forbid fragments: %w", err)
	}
	if size == 0 {
		mtu, header, err := pathOf(conn)
		if err != nil {
			return "", err
		}
		size = mtu - header
	}
	head := append([]byte{request}, word...)
	size = max(size, len(head))
	sent := pattern(size)
	copy(sent, head)
	if _, err := conn.Write(sent); err != nil {
		return "", err
	}
	sent[0] = answer
	back := make([]byte, size+1)
	n, err := conn.Read(back)
	switch {
	case err != nil:
		return "", fmt.Errorf("a datagram of %d bytes does not come back: %w", size, err)
	case !bytes.Equal(sent, back[:n]):
		return "", fmt.Errorf("%d bytes came back as %d others", size, n)
	}
	return fmt.Sprintf("%d bytes", size), nil
}

// pathOf returns the MTU of the interface from which a connection leaves, and what the headers of IP and UDP take of it.
func pathOf(conn *net.UDPConn) (mtu, header int, err error) {
	own := conn.LocalAddr().(*net.UDPAddr).IP
	header = 20 + 8
	if own.To4() == nil {
		header = 40 + 8
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return 0, 0, err
	}
	for _, i := range interfaces {
		addresses, err := i.Addrs()
		if err != nil {
			return 0, 0, err
		}
		for _, a := range addresses {
			if network, ok := a.(*net.IPNet); ok && network.IP.Equal(own) {
				return min(i.MTU, 64<<10-1), header, nil // a loopback's is more than a datagram holds
			}
		}
	}
	return 0, 0, fmt.Errorf("no interface has the address %s", own)
}

// pattern is size bytes in which a part that is missing or twice there shows.
func pattern(size int) []byte {
	out := make([]byte, size)
	for i := range out {
		out[i] = byte(i ^ i>>8 ^ i>>16)
	}
	return out
}
