package faultproxy

import (
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Overloaded is the answer of a server that cannot take a request now: 429, 500 or 503.
func Overloaded(code int32, retryAfter int) Fault {
	reasons := map[int32]metav1.StatusReason{
		http.StatusTooManyRequests:     metav1.StatusReasonTooManyRequests,
		http.StatusInternalServerError: metav1.StatusReasonInternalError,
		http.StatusServiceUnavailable:  metav1.StatusReasonServiceUnavailable,
	}
	return answering(code, reasons[code], "injected: the server is busy", retryAfter)
}

// Expired is the answer to a token that is no longer good.
func Expired() Fault {
	return answering(http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "Unauthorized", 0)
}

// WebhookDown is the answer where an admission webhook with failurePolicy Fail cannot be called (Kubernetes 1.36,
// apiserver/pkg/admission/plugin/webhook).
func WebhookDown(name string) Fault {
	cause := fmt.Sprintf(`failed calling webhook %q: failed to call webhook: Post "https://%[1]s/": dial tcp 127.0.0.1:9: connect: connection refused`, name)
	return answering(http.StatusInternalServerError, metav1.StatusReasonInternalError, "Internal error occurred: "+cause, 0)
}

func answering(code int32, reason metav1.StatusReason, message string, retryAfter int) Fault {
	return Fault{Effect: Answer, RetryAfter: retryAfter, Status: metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message,
	}}
}

// On restricts a fault to requests.
func (f Fault) On(methods []string, first, last, every int) Fault {
	f.Methods, f.First, f.Last, f.Every = methods, first, last, every
	return f
}
