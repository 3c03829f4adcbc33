package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/hostileapi"
)

// Between a run and its server there may be a proxy that the environment names. One that is hostile is told nothing but where the
// connection is to lead, and floods, hangs and redirects in vain.
func TestHostileProxy(t *testing.T) {
	t.Parallel()
	answer := func(text string) func(net.Conn, string) {
		return func(conn net.Conn, _ string) { io.WriteString(conn, text) } //nolint:errcheck // the client may be gone
	}
	target := elsewhere(t)
	for name, test := range map[string]struct {
		serve func(conn net.Conn, server string)
		says  string
	}{
		"lets through": {letThrough, `more than 32 MiB`},
		"refuses":      {answer("HTTP/1.1 407 Sign in\x1b[2J\r\n\r\n"), `Sign in\\x1b\[2J`},
		"redirects":    {answer("HTTP/1.1 302 Found\r\nLocation: " + target + "/there\r\n\r\n"), `Found`},
		"a page":       {answer("HTTP/1.1 503 Away\r\nContent-Type: text/html\r\n\r\n<html>"), `Away`},
		"garbage":      {answer("SSH-2.0-x\r\n\r\n"), `malformed HTTP`},
		"hangs":        {func(net.Conn, string) { time.Sleep(time.Minute) }, `[Tt]imeout|deadline exceeded`},
		"endless": {func(conn net.Conn, _ string) {
			for text := "HTTP/1.1 200 OK\r\n"; ; text = strings.Repeat("X-A: "+strings.Repeat("a", 57)+"\r\n", 1000) {
				if _, err := io.WriteString(conn, text); err != nil {
					return
				}
			}
		}, `cannot reach the API server`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serveHostile(t, "nodes", func(s *hostileapi.Server) hostileapi.Answer { return hostileapi.Answer{Serve: s.Answers("")[1].Serve} })
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { listener.Close() })
			go proxied(t, listener, func(conn net.Conn) { test.serve(conn, strings.TrimPrefix(server.URL, "https://")) })
			args := "check --timeout=3s --request-timeout=1s --probe=never"
			if name == "lets through" {
				args = patient(args)
			}
			command, output := startWith(t, strings.ReplaceAll(server.Kubeconfig(), server.URL, "https://example.com"), args, "HTTPS_PROXY=http://me:secret-word@"+listener.Addr().String(), "NO_PROXY=")
			judgeHostile(t, command, output, test.says)
			if strings.Contains(output.String(), "secret-word") {
				t.Errorf("it tells the password of the proxy: %s", output)
			}
		})
	}
}

// proxied serves each connection once its request for a tunnel is read, which must say nothing of the user.
func proxied(t *testing.T, listener net.Listener, serve func(net.Conn)) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			head := make([]byte, 64<<10)
			n, _ := conn.Read(head)
			if text := string(head[:n]); !strings.HasPrefix(text, "CONNECT example.com:443 ") || strings.Contains(text, hostileapi.Token) {
				t.Errorf("a proxy is told %q", text)
			}
			serve(conn)
		}()
	}
}

func letThrough(conn net.Conn, server string) {
	to, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer to.Close()
	io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n") //nolint:errcheck // the client may be gone
	go io.Copy(to, conn)                            //nolint:errcheck // any end is an end
	io.Copy(conn, to)                               //nolint:errcheck
}

// A watch whose server begins to redirect follows nowhere, and tells of it.
func TestRedirectedWatch(t *testing.T) {
	t.Parallel()
	target := elsewhere(t)
	var asked atomic.Int64
	server := hostileapi.Start("v1.36.4")
	t.Cleanup(server.Close)
	server.Plan(func(r *http.Request) http.HandlerFunc {
		if hostileapi.PathOf(r).Resource != "daemonsets" || asked.Add(1) < 3 {
			return nil
		}
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", target+"/there")
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	})
	command, output := startHostile(t, server, "check --timeout=20s --request-timeout=5s --probe=never --watch --interval=100ms")
	judgeHostile(t, command, output, `cluster/run: .*redirected \(status 307\) to `+target+`/there`)
}

// The credentials of a kubeconfig may come from a program of the user's, which may hang, flood or print nonsense.
func TestHostilePlugin(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ script, says string }{
		"hangs":   {"exec 2>/dev/null; exec sleep 60", `the plug-in for credentials, .*, has not ended`},
		"floods":  {"head -c 2000000 /dev/zero | tr '\\0' a", `getting credentials: decoding stdout|has not ended`},
		"a page":  {"echo '<html>\x1b[2J'", `getting credentials: decoding stdout`},
		"fails":   {"exit 3", `getting credentials: .*exit code 3`},
		"is none": {"echo '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\"}'", `getting credentials: `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := hostileapi.Start("v1.36.4")
			t.Cleanup(server.Close)
			file := filepath.Join(t.TempDir(), "plugin")
			if err := os.WriteFile(file, []byte("#!/bin/sh\n"+test.script+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			user, err := json.Marshal(map[string]any{"exec": map[string]string{"apiVersion": "client.authentication.k8s.io/v1", "command": file, "interactiveMode": "Never"}})
			if err != nil {
				t.Fatal(err)
			}
			kubeconfig := strings.Replace(server.Kubeconfig(), `{token: "`+hostileapi.Token+`"}`, string(user), 1)
			command, output := startWith(t, kubeconfig, "check --timeout=3s --request-timeout=1s --probe=never")
			judgeHostile(t, command, output, test.says)
		})
	}
}
