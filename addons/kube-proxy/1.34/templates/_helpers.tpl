{{- define "kube-proxy.chosen" -}}
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
bindAddress: 0.0.0.0
clientConnection:
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
clusterCIDR: {{ required "set clusterCIDR, the range of all pod addresses" .Values.clusterCIDR | quote }}
conntrack:
  maxPerCore: {{ .Values.conntrackMaxPerCore | int }}
healthzBindAddress: 0.0.0.0:10256
metricsBindAddress: 127.0.0.1:10249
mode: {{ .Values.mode | quote }}
{{- end -}}

{{- /* The files of the ConfigMap: kube-proxy's configuration and the kubeconfig it names. */ -}}
{{- define "kube-proxy.files" -}}
config.conf: |
  {{- mergeOverwrite (include "kube-proxy.chosen" . | fromYaml) .Values.config | toYaml | nindent 2 }}
kubeconfig.conf: |
  apiVersion: v1
  kind: Config
  clusters:
    - name: default
      cluster:
        certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
        server: {{ required "set apiServerURL, an address that needs no kube-proxy" .Values.apiServerURL }}
  contexts:
    - name: default
      context:
        cluster: default
        namespace: default
        user: default
  current-context: default
  users:
    - name: default
      user:
        tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
{{- end -}}
