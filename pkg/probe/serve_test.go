package probe_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/probe"
	"golang.org/x/net/dns/dnsmessage"
)

// word is that of the run.
const word = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// addresses are where a probe server listens.
type addresses struct{ page, echo string }

// serve runs a probe server until the test ends.
func serve(t *testing.T, howLong time.Duration) addresses {
	t.Helper()
	a := addresses{closedPort(t), closedPort(t)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- probe.Server{HTTP: []string{a.page}, Echo: a.echo, Name: "pod a on node b", Word: word, For: howLong}.Serve(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	ready := probe.Run(ctx, []probe.Task{at(a.echo, probe.Task{Kind: probe.Echo, Network: "udp", Size: 1})})[0]
	if !ready.OK {
		t.Fatal(ready.Error)
	}
	return a
}

// When its time is over, a server answers no more and does not end.
func TestServeEnds(t *testing.T) {
	a := serve(t, 500*time.Millisecond)
	who := probe.Run(t.Context(), []probe.Task{at(a.page, probe.Task{Kind: probe.HTTP})})[0]
	if who.Answer != "200 OK: pod a on node b" {
		t.Errorf("%+v", who)
	}
	closed := probe.Run(t.Context(), []probe.Task{
		at(a.page, probe.Task{Kind: probe.TCP, Closed: true}),
		at(a.echo, probe.Task{Kind: probe.TCP, Closed: true}),
	})
	for _, r := range closed {
		if !r.OK {
			t.Errorf("%+v", r)
		}
	}
}

func TestServeRefusesATakenPort(t *testing.T) {
	a := serve(t, time.Minute)
	for _, s := range []probe.Server{{HTTP: []string{a.page}, Echo: closedPort(t)}, {Echo: a.echo}} {
		s.For, s.Word = time.Minute, word
		if err := s.Serve(t.Context()); err == nil || !strings.Contains(err.Error(), "give it another port") {
			t.Errorf("error %v", err)
		}
	}
}

// closedPort is an address where nothing listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// deaf is an address that takes datagrams and connections and never answers.
func deaf(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().String()
}

// silent is an address that takes connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	return l.Addr().String() // the kernel accepts
}

// cutting sends back the first bytes of a connection only.
func cutting(t *testing.T) string {
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			io.CopyN(conn, conn, 1000) //nolint:errcheck
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// nameServer knows one name, another without addresses, and answers over UDP and TCP. Over UDP it first sends the answer
// to another question.
func nameServer(t *testing.T) string {
	t.Helper()
	l := listen(t)
	udp, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); udp.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := udp.ReadFrom(buffer)
			if err != nil {
				return
			}
			answer := answerTo(buffer[:n])
			other := append([]byte{answer[0] + 1}, answer[1:]...)
			udp.WriteTo(other, from)  //nolint:errcheck
			udp.WriteTo(answer, from) //nolint:errcheck
		}
	}()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			var length [2]byte
			io.ReadFull(conn, length[:]) //nolint:errcheck
			query := make([]byte, binary.BigEndian.Uint16(length[:]))
			io.ReadFull(conn, query) //nolint:errcheck
			answer := answerTo(query)
			conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)) //nolint:errcheck
			conn.Close()
		}
	}()
	return l.Addr().String()
}

func answerTo(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return []byte{0, 0}
	}
	q := m.Questions[0]
	m.Response = true
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
	switch {
	case q.Name.String() == "empty.example.":
	case q.Name.String() != "known.example.":
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeAAAA:
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: [16]byte{0: 0xfd, 15: 1}}}}
	default:
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: [4]byte{10, 0, 0, 1}}}}
	}
	packed, err := m.Pack()
	if err != nil {
		return []byte{0, 0}
	}
	return packed
}
