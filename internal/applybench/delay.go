package main

import (
	"io"
	"net"
	"sync"
	"time"
)

// slowListener delays what its connections carry, each way by half of a round trip. Handshakes are delayed like
// everything else; the bandwidth is not limited.
type slowListener struct {
	net.Listener
	roundTrip time.Duration
}

func (l slowListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil || l.roundTrip == 0 {
		return c, err
	}
	return slow(c, l.roundTrip/2), nil
}

// packet is what arrived at once, and when it may be seen.
type packet struct {
	due  time.Time
	data []byte
	err  error
}

type slowConn struct {
	net.Conn
	oneWay  time.Duration
	in, out chan packet
	rest    packet // what Read has begun
	closed  chan struct{}
	close   sync.Once
}

func slow(c net.Conn, oneWay time.Duration) *slowConn {
	s := &slowConn{Conn: c, oneWay: oneWay, in: make(chan packet, 4096), out: make(chan packet, 4096), closed: make(chan struct{})}
	go s.receive()
	go s.send()
	return s
}

func (s *slowConn) receive() {
	for {
		buffer := make([]byte, 32<<10)
		n, err := s.Conn.Read(buffer)
		select {
		case s.in <- packet{time.Now().Add(s.oneWay), buffer[:n], err}:
		case <-s.closed:
			return
		}
		if err != nil {
			return
		}
	}
}

func (s *slowConn) send() {
	for {
		select {
		case p := <-s.out:
			time.Sleep(time.Until(p.due))
			if _, err := s.Conn.Write(p.data); err != nil {
				s.Close()
				return
			}
		case <-s.closed:
			return
		}
	}
}

func (s *slowConn) Read(b []byte) (int, error) {
	if len(s.rest.data) == 0 && s.rest.err == nil {
		select {
		case s.rest = <-s.in:
			time.Sleep(time.Until(s.rest.due))
		case <-s.closed:
			return 0, io.EOF
		}
	}
	n := copy(b, s.rest.data)
	s.rest.data = s.rest.data[n:]
	if n == 0 {
		return 0, s.rest.err
	}
	return n, nil
}

func (s *slowConn) Write(b []byte) (int, error) {
	select {
	case s.out <- packet{due: time.Now().Add(s.oneWay), data: append([]byte(nil), b...)}:
		return len(b), nil
	case <-s.closed:
		return 0, net.ErrClosed
	}
}

func (s *slowConn) Close() error {
	s.close.Do(func() { close(s.closed) })
	return s.Conn.Close()
}

// Deadlines are of the connection behind and would end receive; the tools' servers are local and do not hang.

func (s *slowConn) SetDeadline(time.Time) error      { return nil }
func (s *slowConn) SetReadDeadline(time.Time) error  { return nil }
func (s *slowConn) SetWriteDeadline(time.Time) error { return nil }
