/**
 * Whether a symbolic link leads out of the tree that it is in, as rsync decides it for --safe-links (unsafe_symlink in its
 * util1.c): by the text alone. Absolute and empty targets do, and those with `..` after another name or at the end of
 * several; `path` is the link's own, beneath the root.
 */
export function leadsOut(target: string, path: string): boolean {
  if (target === '' || target.startsWith('/') || target.endsWith('/..')) return true;
  const names = target.split('/').filter((name, index, all) => name !== '' || index === all.length - 1);
  const isUp = (name: string) => name === '..';
  const climbs = names.findIndex((name) => !isUp(name));
  if (climbs >= 0 && names.slice(climbs).some(isUp)) return true;
  let depth = path.split('/').length - 1;
  for (const name of names) {
    if (isUp(name)) depth--;
    else if (name !== '.') depth++;
    if (depth < 0) return true;
  }
  return false;
}
