package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/client-go/rest"
)

// serverVersion asks an API server for its version. An answer that no API server gives is a AnswerError at once.
func (c *Client) serverVersion(ctx context.Context, config *rest.Config) (string, error) {
	client, err := rest.UnversionedRESTClientForConfigAndClient(unversioned(config), c.http)
	if err != nil {
		return "", err
	}
	var found string
	err = c.retry(ctx, func() error {
		body, err := client.Get().AbsPath("/version").Do(allow(ctx, versionAnswer)).Raw()
		if err != nil {
			return notByServer(err)
		}
		found, err = gitVersion(body)
		return err
	})
	return found, err
}

// notByServer makes an error of an answer that is neither a load balancer's nor, since it is no Status, an API server's.
func notByServer(err error) error {
	var status apierrors.APIStatus
	cause, unexpected := apierrors.StatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
	if !unexpected || !errors.As(err, &status) || mayPass(int(status.Status().Code)) {
		return err
	}
	code := int(status.Status().Code)
	return notVersion(fmt.Sprintf("the answer is %d %s: %s", code, http.StatusText(code), excerpt([]byte(cause.Message))))
}

// gitVersion reads the answer to GET /version. An answer that broke off may be whole the next time.
func gitVersion(body []byte) (string, error) {
	var info version.Info
	err := json.Unmarshal(body, &info)
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return "", notVersion("the answer is empty")
	case err != nil && strings.Contains(err.Error(), cutShort):
		return "", err
	case err != nil || info.GitVersion == "":
		return "", notVersion("the answer is not the version of an API server: " + excerpt(body))
	}
	if _, err := clusterfile.ParseVersion(info.GitVersion); err != nil {
		return "", notVersion("the answer has the gitVersion " + excerpt([]byte(info.GitVersion)) + ", which is not a Kubernetes version")
	}
	return info.GitVersion, nil
}

func notVersion(fault string) error {
	return &AnswerError{Request: "GET /version", Fault: fault, Remedy: notAPIServer}
}

// excerpt is the beginning of an answer.
func excerpt(body []byte) string {
	return `"` + brief(string(bytes.TrimSpace(body)), 80) + `"`
}

// address is a server's address without what may be secret in it: user and query.
func address(host string) string {
	u, err := url.Parse(host)
	if err != nil || u.Host == "" {
		return host
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// unreachable is the error of a server that has not told its version.
func unreachable(host string, err error) error {
	host = address(host)
	var refused *AnswerError
	if errors.As(err, &refused) {
		return fmt.Errorf("API server %s: %w", host, refused)
	}
	return fmt.Errorf("cannot reach the API server %s: %w; check --kubeconfig, --context and the network", host, reason(err))
}
