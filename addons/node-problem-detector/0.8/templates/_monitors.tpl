{{- /*
What is looked for, one file per monitor. A rule of type temporary makes an Event; one of type permanent sets a condition of
the Node, which stays until node-problem-detector restarts. A pattern must match up to the end of a message
(node-problem-detector, pkg/systemlogmonitor/log_buffer.go).

The kernel rules are those of its own config/kernel-monitor.json; the patterns for memory, NULL pointers and divisions by zero
also fit the wording of later kernels.
*/ -}}
{{- define "node-problem-detector.monitors" -}}
kernel-monitor.json: |
  {
    "plugin": "kmsg",
    "logPath": "/dev/kmsg",
    "lookback": "5m",
    "bufferSize": 10,
    "source": "kernel-monitor",
    "conditions": [
      {"type": "KernelDeadlock", "reason": "KernelHasNoDeadlock", "message": "kernel has no deadlock"},
      {"type": "ReadonlyFilesystem", "reason": "FilesystemIsNotReadOnly", "message": "Filesystem is not read-only"}
    ],
    "rules": [
      {
        "type": "temporary",
        "reason": "OOMKilling",
        "pattern": "Killed process \\d+ (.+) total-vm:\\d+kB, anon-rss:\\d+kB, file-rss:\\d+kB.*"
      },
      {
        "type": "temporary",
        "reason": "TaskHung",
        "pattern": "task [\\S ]+:\\w+ blocked for more than \\w+ seconds\\."
      },
      {
        "type": "temporary",
        "reason": "UnregisterNetDevice",
        "pattern": "unregister_netdevice: waiting for \\S+ to become free\\. Usage count = \\d+"
      },
      {
        "type": "temporary",
        "reason": "KernelOops",
        "pattern": "BUG: (unable to handle )?kernel NULL pointer dereference.*"
      },
      {
        "type": "temporary",
        "reason": "KernelOops",
        "pattern": "divide error: 0000 \\[#\\d+\\].*"
      },
      {
        "type": "temporary",
        "reason": "Ext4Error",
        "pattern": "EXT4-fs error .*"
      },
      {
        "type": "temporary",
        "reason": "IOError",
        "pattern": "Buffer I/O error .*"
      },
      {
        "type": "temporary",
        "reason": "MemoryReadError",
        "pattern": "CE memory read error .*"
      },
      {
        "type": "permanent",
        "condition": "KernelDeadlock",
        "reason": "AUFSUmountHung",
        "pattern": "task umount\\.aufs:\\w+ blocked for more than \\w+ seconds\\."
      },
      {
        "type": "permanent",
        "condition": "KernelDeadlock",
        "reason": "DockerHung",
        "pattern": "task docker:\\w+ blocked for more than \\w+ seconds\\."
      },
      {
        "type": "permanent",
        "condition": "ReadonlyFilesystem",
        "reason": "FilesystemIsReadOnly",
        "pattern": "Remounting filesystem read-only"
      }
    ]
  }
docker-monitor.json: |
  {
    "plugin": "journald",
    "pluginConfig": {"source": "dockerd"},
    "logPath": "/var/log/journal",
    "lookback": "5m",
    "bufferSize": 10,
    "source": "docker-monitor",
    "conditions": [
      {"type": "CorruptDockerOverlay2", "reason": "NoCorruptDockerOverlay2", "message": "docker overlay2 is functioning properly"}
    ],
    "rules": [
      {
        "type": "temporary",
        "reason": "CorruptDockerImage",
        "pattern": "Error trying v2 registry: failed to register layer: rename /var/lib/docker/image/(.+) /var/lib/docker/image/(.+): directory not empty.*"
      },
      {
        "type": "permanent",
        "condition": "CorruptDockerOverlay2",
        "reason": "CorruptDockerOverlay2",
        "pattern": "returned error: readlink /var/lib/docker/overlay2.*: invalid argument.*"
      }
    ]
  }
{{- end -}}
