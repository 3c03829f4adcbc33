{{- /*
The files of the ConfigMap: the CNI configuration for the kubelet, and flanneld's own. Without portmap, no host port works;
without cniVersion, kubelets of 1.16 and later refuse the file (flannel issue 1178).
*/ -}}
{{- define "flannel.files" -}}
cni-conf.json: |
  {
    "name": "cbr0",
    "cniVersion": "0.3.1",
    "plugins": [
      {
        "type": "flannel",
        "delegate": {
          "hairpinMode": true,
          "isDefaultGateway": true
        }
      },
      {
        "type": "portmap",
        "capabilities": {
          "portMappings": true
        }
      }
    ]
  }
net-conf.json: |
  {
    "Network": {{ .Values.podCIDR | toJson }},
    "Backend": {
      "Type": {{ .Values.backend | toJson }}
    }
  }
{{- end -}}
