//go:build linux

package corefile

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/clusterbed"
)

// TestAgainstCoreDNS gives each Corefile of testdata to a real CoreDNS: it starts with those in which nothing fatal is found, and with
// no other; and with what is written where people's own zones are kept and those with faults are taken over.
func TestAgainstCoreDNS(t *testing.T) {
	if testing.Short() {
		t.Skip("starts CoreDNS, and builds it where the cache lacks it; -short leaves it out")
	}
	program, err := clusterbed.CoreDNS(t.Context(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/corefiles/*.corefile")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d Corefiles, error %v", len(files), err)
	}
	s := started{T: t, program: program, api: emptyAPI(t)}
	verdicts := map[bool]int{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".corefile"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if plugin := lacking(t, string(text)); plugin != "" {
				t.Skipf("this CoreDNS is built without %s", plugin)
			}
			s := s
			s.T, s.dir = t, t.TempDir()
			in := Container{Dir: s.dir, Names: []string{filepath.Join(s.dir, "Corefile")}, Mounts: []string{"/etc/resolv.conf"}, Variables: map[string]*string{}}
			faults, err := table(t).Check(clusterbed.CoreDNSVersion, string(text), in)
			faults = Fatal(faults)
			starts, message := s.starts(string(text))
			if good := err == nil && len(faults) == 0; good != starts {
				t.Errorf("CoreDNS starts: %v (%s)\nfaults: %v, error %v", starts, message, faults, err)
			}
			verdicts[starts]++
			merged, err := Merge(rendered, string(text), faults...)
			if err != nil {
				return // a run refuses it
			}
			if starts, message := s.starts(merged.Text); !starts {
				t.Errorf("CoreDNS does not start with what is written: %s\n%s", message, merged.Text)
			}
		})
	}
	t.Logf("CoreDNS %s starts with %d of the Corefiles, and refuses %d", clusterbed.CoreDNSVersion, verdicts[true], verdicts[false])
}

// lacking returns a plugin in a Corefile that the program is built without: those for clouds, databases and tracing.
func lacking(t *testing.T, text string) string {
	t.Helper()
	parts, err := parse(text)
	if err != nil {
		return ""
	}
	for _, p := range parts {
		for _, d := range directives(p.body) {
			if slices.Contains([]string{"azure", "clouddns", "etcd", "geoip", "nomad", "route53", "trace"}, d.name()) {
				return d.name()
			}
		}
	}
	return ""
}

// A started is a CoreDNS that is started with one Corefile after the other.
type started struct {
	*testing.T
	program, api, dir string
}

// starts starts CoreDNS with a Corefile, and ends it once it serves. message is what it says where it does not start.
func (s started) starts(text string) (starts bool, message string) {
	s.Helper()
	file := filepath.Join(s.dir, "Corefile")
	if err := os.WriteFile(file, []byte(moved(s.T, text, s.api)), 0o600); err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, s.program, "-conf", file, "-dns.port", freePort(s.T))
	c.Dir, c.Env = s.dir, []string{"PATH=/bin"}
	out, err := c.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	c.Stderr = c.Stdout
	if err := c.Start(); err != nil {
		s.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		message = lines.Text()
		if strings.HasPrefix(message, "CoreDNS-") { // it is written once everything listens (coremain/run.go)
			starts = true
			cancel()
		}
	}
	_ = c.Wait() // it was ended, or has said why it ended
	return starts, message
}

// moved is a Corefile that can be started on this machine: what it listens on is free, and the API server is a stand-in. What it says
// beyond that is as it was.
func moved(t *testing.T, text, api string) string {
	parts, err := parse(text)
	if err != nil {
		return text
	}
	var edits []edit
	ports := map[string]string{}
	port := func(was string) string {
		if n, err := strconv.Atoi(was); err != nil || n < 0 || n > 65535 {
			return was
		}
		if ports[was] == "" {
			ports[was] = freePort(t)
		}
		return ports[was]
	}
	for _, p := range parts {
		if len(p.keys) > 0 && !isSnippet(p.keys) {
			header := text[p.start:p.header]
			for _, key := range p.keys {
				transport, name, at := parted(key)
				if !strings.Contains(key, "{") && !strings.HasSuffix(name, ":") {
					header = replaceWord(header, key, transport+"://"+name+":"+port(at))
				}
			}
			edits = append(edits, edit{start: p.start, end: p.header, text: header})
		}
		for _, d := range directives(p.body) {
			edits = append(edits, movedDirective(d, text, api, port)...)
		}
	}
	slices.SortFunc(edits, func(a, b edit) int { return b.start - a.start })
	for _, e := range edits {
		text = text[:e.start] + e.text + text[e.end:]
	}
	return text
}

// replaceWord replaces the first time that a word stands in a header of zones.
func replaceWord(header, word, by string) string {
	for at := 0; at < len(header); {
		i := strings.Index(header[at:], word)
		if i < 0 {
			return header
		}
		start, end := at+i, at+i+len(word)
		if (start == 0 || strings.ContainsRune(" ,\n\t\"", rune(header[start-1]))) && (end == len(header) || strings.ContainsRune(" ,\n\r\t\"", rune(header[end]))) {
			return header[:start] + by + header[end:]
		}
		at = end
	}
	return header
}

// movedDirective are the edits of a plugin that listens, or that asks the API server.
func movedDirective(d directive, text, api string, port func(string) string) []edit {
	name := d.start + len(d.name())
	defaults := map[string]string{"health": "8080", "ready": "8181", "prometheus": "9153", "pprof": "6053"}
	switch {
	case defaults[d.name()] != "" && len(d.words) == 1:
		return []edit{{start: name, end: name, text: " 127.0.0.1:" + port(defaults[d.name()])}}
	case defaults[d.name()] != "" && len(d.words) == 2:
		_, at, err := net.SplitHostPort(d.words[1])
		if err != nil || strings.Contains(d.words[1], "{") {
			return nil
		}
		start := name + strings.Index(text[name:], d.words[1])
		return []edit{{start: start, end: start + len(d.words[1]), text: net.JoinHostPort("127.0.0.1", port(at))}}
	case d.name() == "bind":
		from, to := name, name
		by := ""
		for _, word := range d.words[1:] {
			to += strings.Index(text[to:], word) + len(word)
			if net.ParseIP(word) != nil {
				word = fmt.Sprintf("127.0.%d.%d", len(word), word[len(word)-1])
			} else if !strings.Contains(word, ".") {
				word = "lo"
			}
			by += " " + word
		}
		return []edit{{start: from, end: to, text: by}}
	case d.name() == "kubernetes" && strings.HasSuffix(strings.TrimRight(text[:d.end], "\r"), "}"):
		end := strings.LastIndexByte(text[:d.end], '}')
		return []edit{{start: end, end: end, text: "\nendpoint " + api + "\n"}}
	case d.name() == "kubernetes":
		return []edit{{start: d.end, end: d.end, text: " {\nendpoint " + api + "\n}"}}
	}
	return nil
}

// emptyAPI is an API server that has nothing of anything.
func emptyAPI(t *testing.T) string {
	kinds := map[string]string{"services": "ServiceList", "namespaces": "NamespaceList", "pods": "PodList", "endpointslices": "EndpointSliceList", "serviceimports": "ServiceImportList"}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		group, resource := "v1", filepath.Base(r.URL.Path)
		if rest, named := strings.CutPrefix(r.URL.Path, "/apis/"); named {
			group = filepath.Dir(rest)
		}
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Query().Get("watch") != "" {
			if r.URL.Query().Get("sendInitialEvents") != "" {
				http.Error(w, "{}", http.StatusBadRequest)
				return
			}
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": kinds[resource], "apiVersion": group, "metadata": map[string]any{"resourceVersion": "1"}, "items": []any{}})
	}))
	t.Cleanup(s.CloseClientConnections)
	return s.URL
}

// freePort returns a port that nobody listens on just now.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
