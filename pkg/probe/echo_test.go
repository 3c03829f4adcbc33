package probe_test

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// A datagram that is no request of the run is not answered, and an answer has the size of its request: two servers that are
// told of each other by a forged sender are silent.
func TestEchoAnswersRequestsOnly(t *testing.T) {
	server := netip.MustParseAddrPort(serve(t, time.Minute).echo)
	good := []byte("Q" + word + "payload")
	want := []byte("A" + word + "payload")
	conn := udp(t, netip.MustParseAddrPort("127.0.0.1:0"))
	for name, datagram := range map[string]string{
		"nothing":             "",
		"a request cut short": "Q" + word[:5],
		"no word":             "Qpayload" + strings.Repeat("x", 100),
		"another word":        "Q" + strings.ToLower(word) + "payload",
		"an answer":           string(want),
		"a byte of echo":      "x",
	} {
		send(t, conn, server, []byte(datagram))
		send(t, conn, server, good)
		if got := receive(t, conn); !bytes.Equal(got, want) {
			t.Errorf("%s: answered with %q", name, got)
		}
	}
}

// A sender with the port of the server itself is another server, or is said to be one.
func TestEchoAnswersNoServer(t *testing.T) {
	server := netip.MustParseAddrPort(serve(t, time.Minute).echo)
	good := []byte("Q" + word)
	other := udp(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), server.Port()))
	send(t, other, server, good)
	conn := udp(t, netip.MustParseAddrPort("127.0.0.1:0"))
	send(t, conn, server, good)
	receive(t, conn) // by now the server has dealt with what came before
	send(t, conn, netip.MustParseAddrPort(other.LocalAddr().String()), []byte("nothing came before"))
	if got := receive(t, other); string(got) != "nothing came before" {
		t.Errorf("answered with %q", got)
	}
}

// A connection that does not begin with the word brings nothing back.
func TestEchoStreamWantsTheWord(t *testing.T) {
	server := serve(t, time.Minute)
	for sent, want := range map[string]string{
		word + "payload":                  "payload",
		strings.ToLower(word) + "payload": "",
		"payload":                         "",
	} {
		conn, err := net.Dial("tcp", server.echo)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, sent)       //nolint:errcheck // the server may have closed it
		conn.(*net.TCPConn).CloseWrite() //nolint:errcheck
		if got, _ := io.ReadAll(conn); string(got) != want {
			t.Errorf("%q brings back %q", sent, got)
		}
		conn.Close()
	}
}

func udp(t *testing.T, address netip.AddrPort) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func send(t *testing.T, conn *net.UDPConn, to netip.AddrPort, datagram []byte) {
	t.Helper()
	if _, err := conn.WriteToUDPAddrPort(datagram, to); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, conn *net.UDPConn) []byte {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 64<<10)
	n, _, err := conn.ReadFromUDPAddrPort(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return buffer[:n]
}
