package reliability

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/fitout-dev/fitout/internal/faultproxy"
	"github.com/fitout-dev/fitout/pkg/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

var (
	accounts = schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}
	bindings = schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterrolebindings"}
)

// The proxy brings about the expiry of a token, since a real one lives for ten minutes at least: it answers requests that
// have the old one with 401.
func (s *site) tokenPath() string { return filepath.Join(s.bed.Dir(), "token") }

func (s *site) write(path, text string, mode os.FileMode) {
	s.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		s.Error(err)
	}
}

// token makes a token of an account that may do everything. Tokens for other lengths of time differ.
func (s *site) token(seconds int64) string {
	s.Helper()
	request := &manifest.Object{Object: map[string]any{
		"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": map[string]any{"name": "runner"},
		"spec": map[string]any{"expirationSeconds": seconds},
	}}
	answer, err := s.dynamic.Resource(accounts).Namespace("default").Create(s.Context(), request, metav1.CreateOptions{}, "token")
	if err != nil {
		s.Fatal(err)
	}
	token, _, _ := unstructured.NestedString(answer.Object, "status", "token")
	return token
}

// account makes the account, and two tokens of which the old one is where the client finds it.
func (s *site) account() {
	s.Helper()
	s.create(accounts, "default", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: runner}\n")
	s.create(bindings, "", `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: runner}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: runner, namespace: default}]
`)
	s.oldToken, s.newToken = s.token(3600), s.token(7200)
	s.write(s.tokenPath(), s.oldToken, 0o600)
}

// tokenFile has the token in a file, as pods have.
func tokenFile(s *site) *rest.Config {
	s.account()
	config := s.proxy.Config()
	config.BearerTokenFile = s.tokenPath()
	return config
}

// plugin asks a program for the token, as the kubeconfigs of clouds do.
func plugin(s *site) *rest.Config {
	s.account()
	program := filepath.Join(s.bed.Dir(), "plugin")
	s.write(program, fmt.Sprintf(`#!/bin/sh
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'"$(cat %s)"'"}}'
`, s.tokenPath()), 0o700)
	config := s.proxy.Config()
	config.ExecProvider = &clientcmdapi.ExecConfig{Command: program, APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode}
	return config
}

// renew puts the next token where the client finds it, and makes the old one expire.
func renew(s *site) {
	s.write(s.tokenPath(), s.newToken, 0o600)
	expire(s)
}

func expire(s *site) {
	expired := faultproxy.Expired()
	expired.Token = s.oldToken
	s.proxy.Add(expired)
}
