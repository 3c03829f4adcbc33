package corefile

import (
	"fmt"
	"net"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A kind is one sort of argument.
type kind struct {
	means  string // a person's name for it
	remedy string // an imperative; empty for a word that is to be corrected
	is     func(word string, in Container) bool
}

// kind returns the one of a name.
func (t *Table) kind(name string) (kind, error) {
	if word, literal := strings.CutPrefix(name, "="); literal {
		return kind{means: word, is: func(w string, _ Container) bool { return w == word }}, nil
	}
	if word, literal := strings.CutPrefix(name, "~"); literal {
		return kind{means: word, is: func(w string, _ Container) bool { return strings.EqualFold(w, word) }}, nil
	}
	if words, listed := t.Words[name]; listed {
		return kind{means: "a " + name, is: func(w string, _ Container) bool { return slices.Contains(words, w) }}, nil
	}
	if upper, anyCase := strings.CutSuffix(name, ":i"); anyCase && t.Words[upper] != nil {
		words := t.Words[upper]
		return kind{means: "a " + upper, is: func(w string, _ Container) bool { return slices.Contains(words, strings.ToUpper(w)) }}, nil
	}
	if base, bounds, ranged := strings.Cut(strings.TrimSuffix(name, ")"), "("); ranged {
		return rangeOf(base, bounds)
	}
	if k, known := kinds[name]; known {
		return k, nil
	}
	return kind{}, fmt.Errorf("has the kind %q, which there is none of", name)
}

// kinds are those without a range.
var kinds = map[string]kind{
	"any":           {means: "an argument", is: func(string, Container) bool { return true }},
	"int":           {means: "a whole number", is: func(w string, _ Container) bool { _, err := strconv.Atoi(w); return err == nil }},
	"notNumber":     {means: "a zone", is: func(w string, _ Container) bool { _, err := strconv.Atoi(w); return err != nil }},
	"number":        {means: "a number", is: func(w string, _ Container) bool { f, err := strconv.ParseFloat(w, 32); return err == nil && f >= 0 }},
	"duration":      {means: "a duration such as 5s", is: func(w string, _ Container) bool { _, err := time.ParseDuration(w); return err == nil }},
	"percent":       {means: "a percentage from 10% to 90%", is: isPercent},
	"regex":         {means: "a regular expression", is: func(w string, _ Container) bool { return isRegex(w) }},
	"cidr":          {means: "a range of addresses such as 10.0.0.0/8", is: func(w string, _ Container) bool { _, _, err := net.ParseCIDR(w); return err == nil }},
	"listen":        {means: "an address to listen on such as :8080", is: isListen},
	"peer":          {means: "an IP address, with a port if need be", is: func(w string, _ Container) bool { return w == "*" || isAddress(w) }},
	"upstream":      upstream(`^(dns|tls)://`),
	"httpsUpstream": upstream(`^(dns|tls|https)://`),
	"anyUpstream":   upstream(`^(dns|tls|quic|grpc|https3?)://`),
	"file":          {means: "a file that the container has", remedy: "mount the file in a patch, or remove the line", is: func(w string, in Container) bool { return in.Dir == "" || in.has(w) }},
	"keyFile": {means: "a key whose file the container has", remedy: "mount the key in a patch, or remove the line", is: func(w string, in Container) bool {
		return in.Dir == "" || in.has(strings.TrimSuffix(strings.TrimSuffix(w, ".key"), ".private")+".key")
	}},
	"prefix":   {means: "an address or a range of addresses such as 10.0.0.0/8", is: isPrefix},
	"resolver": {means: "a file such as /etc/resolv.conf, or @ and a plugin", is: func(w string, in Container) bool { return strings.HasPrefix(w, "@") || in.Dir == "" || in.has(w) }},
	"ttl":      {means: "a time to live in seconds, or a range of them", is: isTTL},
}

// rangeOf returns a kind between two bounds, each of which may be left out.
func rangeOf(base, bounds string) (kind, error) {
	least, most, _ := strings.Cut(bounds, ",")
	var value func(string) (int64, error)
	means := "a whole number"
	switch base {
	case "int":
		value = func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) }
	case "duration":
		means = "a duration"
		value = func(s string) (int64, error) { d, err := time.ParseDuration(s); return int64(d), err }
	case "seconds":
		means = "a duration"
		value = func(s string) (int64, error) {
			if n, err := strconv.ParseUint(s, 10, 32); err == nil {
				return int64(n) * int64(time.Second), nil
			}
			d, err := time.ParseDuration(s)
			return int64(d), err
		}
	default:
		return kind{}, fmt.Errorf("has the kind %q, which there is no range of", base)
	}
	from, to := int64(-1<<63), int64(1<<63-1)
	var err error
	if least != "" {
		if from, err = value(least); err != nil {
			return kind{}, fmt.Errorf("has the bound %q; give one of the kind", least)
		}
		means += " of " + least + " or more"
	}
	if most != "" {
		if to, err = value(most); err != nil {
			return kind{}, fmt.Errorf("has the bound %q; give one of the kind", most)
		}
		means += ", " + most + " at most"
	}
	return kind{means: means, is: func(w string, _ Container) bool {
		n, err := value(w)
		return err == nil && from <= n && n <= to
	}}, nil
}

func isPercent(w string, _ Container) bool {
	number, is := strings.CutSuffix(w, "%")
	n, err := strconv.Atoi(number)
	return is && err == nil && n >= 10 && n <= 90
}

// isRegex reports whether a text is a regular expression, of no more than plugins take (maxRegexpLen, CoreDNS 1.12.2 and later).
func isRegex(w string) bool {
	_, err := syntax.Parse(w, syntax.Perl)
	return err == nil
}

// isListen reports whether a server can listen on an address. Names are taken: it may know them.
func isListen(w string, _ Container) bool {
	_, port, err := net.SplitHostPort(w)
	if err != nil {
		return false
	}
	n, err := strconv.Atoi(port)
	return err != nil || n >= 0 && n <= 65535
}

// isPrefix is what plugin/acl takes.
func isPrefix(w string, _ Container) bool {
	_, _, err := net.ParseCIDR(w)
	return w == "*" || err == nil || net.ParseIP(w) != nil
}

// isAddress is HostPort of plugin/pkg/parse.
func isAddress(w string) bool {
	host, _, err := net.SplitHostPort(w)
	if err != nil {
		host = w
	}
	return net.ParseIP(host) != nil
}

// upstream is a server that others are asked at, as HostPortOrFile of plugin/pkg/parse reads it; transports may stand before it.
func upstream(transports string) kind {
	before := regexp.MustCompile(transports)
	return kind{means: "an IP address, with a port if need be, or a file such as /etc/resolv.conf", is: func(w string, in Container) bool {
		if strings.HasPrefix(w, "unix://") {
			return w != "unix://"
		}
		address := before.ReplaceAllString(w, "")
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			host = strings.Trim(address, "[]")
		}
		if host, _, _ := strings.Cut(host, "%"); net.ParseIP(host) != nil {
			return true
		}
		return strings.HasPrefix(host, "/") && (in.Dir == "" || in.has(host))
	}}
}

func isTTL(w string, _ Container) bool {
	least, most, ranged := strings.Cut(w, "-")
	number := func(s string) bool { _, err := strconv.ParseUint(s, 10, 32); return err == nil }
	if !ranged {
		return number(w)
	}
	return (least != "" || most != "") && (least == "" || number(least)) && (most == "" || number(most))
}
