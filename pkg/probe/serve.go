package probe

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// A Server is what peers ask.
type Server struct {
	HTTP []string      // addresses that answer who this is
	Echo string        // address that sends back what it gets, over TCP and UDP, from whoever knows the word
	Word string        // of the run; whoever asks Echo begins with it
	Name string        // what is answered: pod and node
	For  time.Duration // how long it serves
}

// Serve serves until For has passed or ctx is done, and returns when ctx is done: a server that nobody took down stops
// answering, but does not end, which would make its DaemonSet start it anew.
func (s Server) Serve(ctx context.Context) error {
	serving, cancel := context.WithTimeout(ctx, s.For)
	defer cancel()
	if err := s.serve(serving); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// serve listens on all addresses before it answers on any, and closes them when ctx is done.
func (s Server) serve(ctx context.Context) (err error) {
	if s.Word == "" {
		return fmt.Errorf("probe server: it has no word by which to know who may ask; set %s", WordVariable)
	}
	var closers []io.Closer
	defer func() {
		for _, c := range closers {
			c.Close()
		}
	}()
	listen := func(address string) (net.Listener, error) {
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fmt.Errorf("probe server: %w; give it another port", err)
		}
		closers = append(closers, l)
		return l, nil
	}
	var pages []net.Listener
	for _, address := range s.HTTP {
		l, err := listen(address)
		if err != nil {
			return err
		}
		pages = append(pages, l)
	}
	stream, err := listen(s.Echo)
	if err != nil {
		return err
	}
	datagrams, err := listenUDP(s.Echo)
	if err != nil {
		return err
	}
	closers = append(closers, datagrams)
	return s.answer(ctx, pages, stream, datagrams)
}

func listenUDP(address string) (*net.UDPConn, error) {
	resolved, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("probe server: %w; give an address such as :8081", err)
	}
	conn, err := net.ListenUDP("udp", resolved)
	if err != nil {
		return nil, fmt.Errorf("probe server: %w; give it another port", err)
	}
	return conn, dontFragment(conn)
}

func (s Server) answer(ctx context.Context, pages []net.Listener, stream net.Listener, datagrams *net.UDPConn) error {
	server := &http.Server{
		Handler:     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, s.Name) }),
		ReadTimeout: DefaultTimeout, WriteTimeout: DefaultTimeout,
	}
	var wg sync.WaitGroup
	errs := make(chan error, len(pages)+2)
	for _, l := range pages {
		wg.Go(func() { errs <- server.Serve(l) })
	}
	wg.Go(func() { errs <- s.echoStreams(stream) })
	wg.Go(func() { errs <- s.echoDatagrams(datagrams) })
	var err error
	select {
	case err = <-errs: // none ends by itself
	case <-ctx.Done():
	}
	err = errors.Join(err, server.Close(), stream.Close(), datagrams.Close())
	wg.Wait()
	return err
}

// maxStream bounds what is sent back on one connection, in bytes.
const maxStream = 1 << 20

// echoStreams sends back what each connection brings after the word.
func (s Server) echoStreams(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if conn.SetDeadline(time.Now().Add(2*DefaultTimeout)) != nil {
				return
			}
			word := make([]byte, len(s.Word))
			if _, err := io.ReadFull(conn, word); err == nil && s.knows(word) {
				io.Copy(conn, io.LimitReader(conn, maxStream)) //nolint:errcheck // the peer sees what is missing
			}
		}()
	}
}

// echoDatagrams turns each request into an answer of the same size and sends it back to where it came from. An answer is
// never answered, and neither is what does not know the word: the sender of a datagram can be forged.
func (s Server) echoDatagrams(conn *net.UDPConn) error {
	own := conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	buffer := make([]byte, 64<<10)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return err
		}
		if end := 1 + len(s.Word); n < end || buffer[0] != request || !s.knows(buffer[1:end]) || !mayAsk(from, own) {
			continue
		}
		buffer[0] = answer
		conn.WriteToUDPAddrPort(buffer[:n], from) //nolint:errcheck // the peer sees what is missing
	}
}

func (s Server) knows(word []byte) bool { return subtle.ConstantTimeCompare(word, []byte(s.Word)) == 1 }

// reserved is the number of ports that only services have: echo, DNS, chargen and others that would answer an answer.
const reserved = 1024

// mayAsk reports whether an asker can have sent a datagram: it has one address, and a port that is no service's.
func mayAsk(from netip.AddrPort, own uint16) bool {
	a := from.Addr().Unmap()
	return from.Port() >= reserved && from.Port() != own && !a.IsMulticast() && !a.IsUnspecified() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
