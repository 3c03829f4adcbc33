package probe

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// askDNS asks one server and tells the addresses that it answered. An answer without any is an error.
func askDNS(ctx context.Context, t Task) (string, error) {
	query, err := t.query()
	if err != nil {
		return "", err
	}
	conn, err := dial(ctx, t.Network, t.address())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	exchange := exchangeUDP
	if t.Network == "tcp" {
		exchange = exchangeTCP
	}
	answer, err := exchange(conn, query)
	if err != nil {
		return "", err
	}
	return t.read(answer)
}

func (t Task) query() ([]byte, error) {
	kind := dnsmessage.TypeA
	switch t.Type {
	case "", "A":
	case "AAAA":
		kind = dnsmessage.TypeAAAA
	default:
		return nil, fmt.Errorf("record type %q is not known; use A or AAAA", t.Type)
	}
	name, err := dnsmessage.NewName(strings.TrimSuffix(t.Name, ".") + ".")
	if err != nil {
		return nil, fmt.Errorf("name %q: %w", t.Name, err)
	}
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: uint16(rand.Uint32()), RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: kind, Class: dnsmessage.ClassINET}},
	}
	return message.Pack()
}

// exchangeUDP passes over answers to other questions: one of an earlier try may come late.
func exchangeUDP(conn net.Conn, query []byte) ([]byte, error) {
	if _, err := conn.Write(query); err != nil {
		return nil, err
	}
	buffer := make([]byte, 64<<10)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return nil, err
		}
		if n >= 2 && [2]byte(buffer) == [2]byte(query) {
			return buffer[:n], nil
		}
	}
}

func exchangeTCP(conn net.Conn, query []byte) ([]byte, error) {
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	answer := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(conn, answer)
	return answer, err
}

// read tells the addresses of an answer.
func (t Task) read(answer []byte) (string, error) {
	var message dnsmessage.Message
	if err := message.Unpack(answer); err != nil {
		return "", fmt.Errorf("the answer cannot be read: %w", err)
	}
	if message.RCode != dnsmessage.RCodeSuccess {
		return "", fmt.Errorf("%s: the server answers %s", t.Name, rcode(message.RCode))
	}
	var addresses []string
	for _, a := range message.Answers {
		switch body := a.Body.(type) {
		case *dnsmessage.AResource:
			addresses = append(addresses, net.IP(body.A[:]).String())
		case *dnsmessage.AAAAResource:
			addresses = append(addresses, net.IP(body.AAAA[:]).String())
		}
	}
	if len(addresses) == 0 {
		return "", fmt.Errorf("%s: the server answers without an address", t.Name)
	}
	return strings.Join(addresses, " "), nil
}

// rcode is the name of a code as dig prints it.
func rcode(code dnsmessage.RCode) string {
	switch code {
	case dnsmessage.RCodeFormatError:
		return "FORMERR"
	case dnsmessage.RCodeServerFailure:
		return "SERVFAIL"
	case dnsmessage.RCodeNameError:
		return "NXDOMAIN"
	case dnsmessage.RCodeRefused:
		return "REFUSED"
	}
	return code.String()
}
