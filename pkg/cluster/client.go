// Package cluster is the only package that talks to an API server: it asks for facts, applies objects and observes them.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/manifest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport"
)

// FieldManager is the name under which Fitout owns fields.
const FieldManager = fieldowner.FieldManager

const (
	// parallel bounds the requests under way at once. Eight keep an API server with 20 ms of round trip busy without
	// reaching the shares that API Priority and Fairness gives one client.
	parallel = 8
	// serverSideApplyFrom is the first minor in which server-side apply is generally available. Earlier ones report
	// false conflicts on fresh objects and refuse APIServices.
	serverSideApplyFrom = "1.22"
	// fairnessFrom is the first minor in which the server itself protects itself (API Priority and Fairness, beta), so
	// that the client need not hold back.
	fairnessFrom = "1.20"
)

// A Client talks to one API server.
type Client struct {
	dynamic dynamic.Interface
	raw     rest.Interface
	config  *rest.Config
	http    *http.Client // for all requests but those for an upgrade
	server  string
	version string // v1.36.4
	outages
	Options
}

// Options are what a run decides about applying.
type Options struct {
	// Holder is who this run is to others that want to change the cluster at the same time.
	Holder Holder
	// NoLogs leaves the logs of containers unread when something is diagnosed.
	NoLogs bool
	// Trouble, if set, is told when something begins to fail that may pass by itself and is tried again.
	Trouble func(with string, cause error)
}

// New connects to an API server and asks for its version. The error says where it was looked for.
func New(ctx context.Context, config *rest.Config, options Options) (*Client, error) {
	c := &Client{server: config.Host, Options: options, outages: outages{met: options.Trouble}}
	config = rest.CopyConfig(config)
	if config.Timeout == 0 {
		config.Timeout = requestTimeout
	}
	if err := guarded(config); err != nil {
		return nil, err
	}
	renewTokenFile(config)
	var err error
	if c.http, err = httpClient(config); err != nil {
		return nil, err
	}
	if c.version, err = c.serverVersion(ctx, config); err != nil {
		return nil, unreachable(config.Host, err)
	}
	config.WarningHandler = rest.NoWarnings{} // bundles choose their API versions; a deprecated one is the right one there
	config.QPS, config.Burst = 50, 100
	if c.atLeast(fairnessFrom) {
		config.QPS = -1
	}
	c.config = config
	if c.dynamic, err = dynamic.NewForConfigAndClient(config, c.http); err != nil {
		return nil, err
	}
	c.raw, err = rest.UnversionedRESTClientForConfigAndClient(unversioned(config), c.http)
	return c, err
}

// unversioned returns the configuration of a client that is given whole paths, and bytes for bodies.
func unversioned(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.GroupVersion = &schema.GroupVersion{}
	config.NegotiatedSerializer = rawSerializer
	config.ContentType = "application/json"
	return config
}

// renewTokenFile makes a token file be read again once its token is refused. By itself client-go reads it every minute,
// so that one that was renewed would be of no use until then.
func renewTokenFile(config *rest.Config) {
	if config.BearerTokenFile == "" {
		return
	}
	config.Wrap(transport.ResettableTokenSourceWrapTransport(transport.NewCachedFileTokenSource(config.BearerTokenFile)))
	config.BearerTokenFile, config.BearerToken = "", ""
}

// atLeast reports whether the server's minor is at least the given one.
func (c *Client) atLeast(minor string) bool {
	v, err := clusterfile.ParseVersion(c.version)
	return err == nil && clusterfile.CompareMinors(v.Minor(), minor) >= 0
}

// resource returns the client for the kind of an object, in its namespace.
func (c *Client) resource(kinds manifest.Kinds, o *manifest.Object) (dynamic.ResourceInterface, error) {
	gvr, r, err := kinds.Of(o)
	if err != nil {
		return nil, err
	}
	return c.in(gvr, r.Namespaced, o.GetNamespace()), nil
}

func (c *Client) in(gvr schema.GroupVersionResource, namespaced bool, namespace string) dynamic.ResourceInterface {
	if namespaced {
		return checked{c.dynamic.Resource(gvr).Namespace(namespace), gvr, namespace}
	}
	return checked{c.dynamic.Resource(gvr), gvr, ""}
}

// reason drops the wrapping that repeats the URL of a request.
func reason(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return err
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Op == "proxyconnect" {
		return fmt.Errorf("the proxy of HTTPS_PROXY or of the kubeconfig's proxy-url: %w", innermost(err))
	}
	return innermost(err)
}

func innermost(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
