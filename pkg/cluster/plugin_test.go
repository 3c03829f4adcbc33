package cluster_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/hostileapi"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// pluginThat makes a plug-in for credentials of a script.
func pluginThat(t *testing.T, script string) *clientcmdapi.ExecConfig {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	return &clientcmdapi.ExecConfig{Command: file, APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode}
}

// client-go waits for a plug-in without end. A run ends in its time, and says that it is the plug-in.
func TestPluginThatHangs(t *testing.T) {
	t.Parallel()
	server := hostileapi.Start("v1.36.4")
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	begun := time.Now()
	_, err := cluster.New(ctx, &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: server.CA()},
		ExecProvider: pluginThat(t, "exec sleep 60"), Timeout: time.Second}, cluster.Options{})
	if err == nil || !strings.Contains(err.Error(), "plugin of the kubeconfig, has not ended") {
		t.Errorf("error %v", err)
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

// What a plug-in prints that is no credentials is not in the error; one that works, works.
func TestPluginThatPrints(t *testing.T) {
	t.Parallel()
	server := hostileapi.Start("v1.36.4")
	defer server.Close()
	for script, want := range map[string]string{
		"head -c 2000000 /dev/zero | tr '\\0' a": "getting credentials: decoding stdout",
		"exit 3":                                 "exit code 3",
		`echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"a"}}'`: "",
	} {
		_, err := cluster.New(t.Context(), &rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: server.CA()},
			ExecProvider: pluginThat(t, script)}, cluster.Options{})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", script, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 4000):
			t.Errorf("%s: %.5000s", script, err)
		}
	}
}
