export interface Mount {
  mountpoint: string
  /** As the kernel names it: `/dev/sda1`, `server:/export`, `tmpfs`. */
  source: string
  /** `ext4`, `nfs4`, `fuse.sshfs`. */
  type: string
  readOnly: boolean
  /** Major and minor number: equal for mounts of one file system. */
  device: string
  /** What part of the file system is mounted: `/` for all of it. */
  root: string
}

/** File systems that hold no data of their own, or none that fills up. */
const PSEUDO = new Set(
  `autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl fuse.gvfsd-fuse fuse.lxcfs
  fuse.portal hugetlbfs mqueue nfsd nsfs proc pstore ramfs rootfs rpc_pipefs securityfs selinuxfs squashfs sysfs tracefs
  iso9660 udf erofs cramfs romfs`.split(/\s+/),
)

/** The kernel's own, and what container runtimes and sessions mount, one for each: not file systems of the host. */
const TRANSIENT =
  /^\/((sys|proc|dev(?!\/shm$))\/|run\/(user|credentials|netns|docker|containerd)\/|var\/lib\/(docker|containerd|containers|kubelet)\/)/
const CONTAINER_FILES = new Set(['/etc/hosts', '/etc/hostname', '/etc/resolv.conf'])

/** A monitor takes no longer texts in names and attributes, and would refuse the batch for one. */
const MAX_MOUNTPOINT = 1000
const MAX_SOURCE = 500

/** Reads /proc/PID/mountinfo (proc_pid_mountinfo(5)); lines of another form are left out. */
export function parseMountInfo(text: string): Mount[] {
  const mounts: Mount[] = []
  for (const line of text.split('\n')) {
    const fields = line.split(' ')
    const dash = fields.indexOf('-', 6)
    if (dash < 0 || fields.length < dash + 3) continue
    mounts.push({
      device: fields[2]!,
      root: unescapeOctal(fields[3]!),
      mountpoint: unescapeOctal(fields[4]!),
      readOnly: isReadOnly(fields[5]) || isReadOnly(fields[dash + 3]),
      type: fields[dash + 1]!,
      source: unescapeOctal(fields[dash + 2]!).slice(0, MAX_SOURCE),
    })
  }
  return mounts
}

const isReadOnly = (options: string | undefined) => options?.split(',').includes('ro') ?? false

/** Space, tab, newline and backslash stand as `\040` and so on. */
const unescapeOctal = (text: string) =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))

/**
 * The file systems to watch: real ones, each once. Of several mounts of one file system (bind mounts) the one of its root
 * counts, then the shortest path; of several on one path the last, which is the one that can be seen.
 */
export function selectMounts(all: Mount[], limit = 1000): Mount[] {
  const visible = new Map<string, Mount>()
  for (const mount of all) visible.set(mount.mountpoint, mount)
  const chosen = new Map<string, Mount>()
  for (const mount of visible.values()) {
    if (!isReal(mount)) continue
    const other = chosen.get(mount.device)
    if (!other || rank(mount) < rank(other)) chosen.set(mount.device, mount)
  }
  return [...chosen.values()].slice(0, limit)
}

function isReal({ type, mountpoint, readOnly }: Mount): boolean {
  if (mountpoint.length > MAX_MOUNTPOINT) return false
  if (PSEUDO.has(type) || TRANSIENT.test(mountpoint) || CONTAINER_FILES.has(mountpoint)) return false
  if (type === 'overlay') return mountpoint === '/'
  return type !== 'tmpfs' || !readOnly
}

const rank = ({ root, mountpoint }: Mount) => (root === '/' ? 0 : 100_000) + mountpoint.length
