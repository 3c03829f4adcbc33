package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A trouble is a cause of failures that may pass by itself.
type trouble struct {
	with     string        // what is in trouble
	patience time.Duration // for how long a request that meets it is tried again
	remedy   string        // "; " and what to do; "" where the error gets one elsewhere
}

const server = "the API server"

// endless is the patience that only the end of the run ends.
const endless = time.Duration(math.MaxInt64 / 4)

var (
	// serverAway outlasts a change of etcd's leader and the restart of an API server.
	serverAway = trouble{with: server, patience: 2 * time.Minute, remedy: "; see why the API server does not answer, then run the same command again"}
	// badToken gives credentials that are renewed on the first refusal (token files, plug-ins) their chance.
	badToken = trouble{with: "the credentials", patience: time.Second}
	// slowPlugin is of a plug-in that may wait for somebody to sign in.
	slowPlugin = trouble{with: "the plug-in for credentials", patience: 2 * time.Minute, remedy: "; run it by itself to see what it waits for"}
	// garbled is of an answer that has come to its end and is not a Kubernetes object.
	garbled = trouble{with: "the answers of the API server", patience: 2 * time.Second, remedy: "; " + notAPIServer}
	// rulesMissing is of an API server that has just started and has not read its RBAC rules yet.
	rulesMissing = trouble{with: "authorization", patience: 10 * time.Second}
	// addressLeaked is of a Service whose creation was broken off, by which its address stayed taken. Kubernetes 1.36 frees
	// it after a minute (pkg/registry/core/service/ipallocator/controller), earlier versions after three to nine.
	addressLeaked = trouble{with: "the address of a Service", patience: 90 * time.Second,
		remedy: "; kubectl get services -A shows who has it; if nobody has, the API server frees it within ten minutes: then run the same command again"}
	// sameMoment is of two writes of one object at once.
	sameMoment = trouble{with: "an object written twice at once", patience: 10 * time.Second}
)

// troubleOf tells what an error of a request comes from, where that may pass by itself.
func troubleOf(err error) (trouble, bool) {
	var refused *AnswerError
	if errors.As(err, &refused) {
		return trouble{}, false
	}
	var nonsense *garbledError
	if errors.As(err, &nonsense) {
		return garbled, true
	}
	var leaving *leavingError
	if errors.As(err, &leaving) {
		return leaving.trouble(), true
	}
	var race racedError
	if errors.As(err, &race) {
		return sameMoment, true
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return brokenConnection(err)
	}
	s := status.Status()
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return namespaceTerminating(s), true
	case apierrors.IsUnauthorized(err):
		return badToken, true
	case apierrors.IsForbidden(err):
		return rulesMissing, strings.Contains(s.Message, "RBAC: ") && strings.Contains(s.Message, "not found")
	case apierrors.IsTooManyRequests(err), apierrors.IsServerTimeout(err), apierrors.IsServiceUnavailable(err), apierrors.IsTimeout(err):
		return serverAway, true
	case apierrors.IsInvalid(err):
		return addressLeaked, strings.Contains(s.Message, "provided IP is already allocated")
	case s.Code == http.StatusInternalServerError:
		return internalError(s.Message)
	}
	return serverAway, s.Code == http.StatusBadGateway
}

// failedWebhook is how an API server says that it cannot call an admission or conversion webhook (Kubernetes 1.15 to
// 1.36, apiserver/pkg/admission/plugin/webhook/errors and apiextensions-apiserver/pkg/apiserver/conversion).
var failedWebhook = regexp.MustCompile(`failed calling webhook "([^"]+)"|conversion webhook for (.+?) failed`)

// internalError tells a 500. What a webhook denied, and what does not fit its type, stays as it is: server-side apply
// refuses the latter with a 500 (Kubernetes 1.36, apimachinery/pkg/util/managedfields).
func internalError(message string) (trouble, bool) {
	if strings.Contains(message, "denied the request") || strings.Contains(message, "failed to create typed patch object") {
		return trouble{}, false
	}
	if m := failedWebhook.FindStringSubmatch(message); m != nil {
		with := "webhook " + m[1] + m[2]
		return trouble{with: with, patience: serverAway.patience, remedy: "; repair " + with + " or remove its configuration, then run the same command again"}, true
	}
	return serverAway, true
}

// noCredentials is what client-go says of the plug-in and of the token file of a kubeconfig.
var noCredentials = regexp.MustCompile("getting credentials: |token file ")

// brokenConnection tells errors below the API: a connection or an answer that broke passes; an address, a certificate or
// a protocol that is wrong stays so.
func brokenConnection(err error) (trouble, bool) {
	var request *url.Error
	if !errors.As(err, &request) {
		broke := strings.Contains(err.Error(), cutShort) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded) ||
			strings.Contains(err.Error(), "Please retry") // client-go on an answer that it could not read to its end
		return serverAway, broke
	}
	if strings.Contains(err.Error(), slowPluginText) { // of which net/http leaves the text alone
		return slowPlugin, true
	}
	if noCredentials.MatchString(err.Error()) {
		return badToken, true
	}
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var name *net.DNSError
	wrong := errors.As(err, &certificate) || errors.As(err, &alert) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &name) && name.IsNotFound
	return serverAway, !wrong
}

// cutShort is how encoding/json says that an answer broke off.
const cutShort = "unexpected end of JSON input"

// namespaceTerminating is of a namespace in which nothing can be created, because it is being deleted.
func namespaceTerminating(s metav1.Status) trouble {
	i := slices.IndexFunc(s.Details.Causes, func(c metav1.StatusCause) bool { return c.Type == corev1.NamespaceTerminatingCause })
	return trouble{with: s.Details.Causes[i].Message, patience: endless, remedy: "; the status of the namespace says what holds it; remove that, then run the same command again"}
}
