// Which types of file count as evidence, and how large each may be. Pure. Must not look at bytes: first-bytes.ts does.

const mebibyte = 1024 * 1024;

/** What a type is of: what follows for size, and for what it proves, follows from this alone. */
export type Family = "picture" | "drawing" | "document" | "text" | "audio" | "video";

/** The most bytes one object may have, by family. All but videos are read into memory to be judged. */
const maxBytes: Readonly<Record<Family, number>> = {
  picture: 25 * mebibyte,
  drawing: mebibyte,
  document: 25 * mebibyte,
  text: mebibyte,
  audio: 25 * mebibyte,
  video: 200 * mebibyte,
};

/** The most bytes any evidence object may have. */
export const evidenceMaxBytes = Math.max(...Object.values(maxBytes));

const types = {
  "image/jpeg": { extension: "jpg", family: "picture" },
  "image/png": { extension: "png", family: "picture" },
  "image/webp": { extension: "webp", family: "picture" },
  "image/heic": { extension: "heic", family: "picture" },
  "image/heif": { extension: "heif", family: "picture" },
  "image/svg+xml": { extension: "svg", family: "drawing" },
  "application/pdf": { extension: "pdf", family: "document" },
  "text/plain": { extension: "txt", family: "text" },
  "audio/mp4": { extension: "m4a", family: "audio" },
  "audio/aac": { extension: "aac", family: "audio" },
  "audio/amr": { extension: "amr", family: "audio" },
  "audio/ogg": { extension: "ogg", family: "audio" },
  "audio/3gpp": { extension: "3ga", family: "audio" },
  "video/mp4": { extension: "mp4", family: "video" },
  "video/quicktime": { extension: "mov", family: "video" },
  "video/3gpp": { extension: "3gp", family: "video" },
} as const satisfies Record<string, { readonly extension: string; readonly family: Family }>;

export type MediaType = keyof typeof types;

/** Other names of ours that phones and browsers say, registered or not. */
const otherNames: Readonly<Record<string, MediaType>> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "audio/m4a": "audio/mp4",
  "audio/x-m4a": "audio/mp4",
  "audio/aacp": "audio/aac",
  "audio/x-aac": "audio/aac",
  "audio/amr-wb": "audio/amr",
  "audio/opus": "audio/ogg",
  "audio/3gp": "audio/3gpp",
  "video/3gp": "video/3gpp",
};

/** A media type's name alone: in lower case, without parameters such as a charset. */
export const withoutParameters = (contentType: string): string =>
  (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();

/** The accepted type by any of its names, with or without parameters; null for any other. */
export function mediaTypeOf(contentType: string): MediaType | null {
  const name = withoutParameters(contentType);
  const ours = Object.hasOwn(otherNames, name) ? otherNames[name] : name;
  return ours !== undefined && isAcceptedMediaType(ours) ? ours : null;
}

/** True for exactly the accepted types: lower case, without parameters. */
export function isAcceptedMediaType(contentType: string): contentType is MediaType {
  return Object.hasOwn(types, contentType);
}

/** The usual file extension of the type, without the dot. */
export const fileExtension = (contentType: MediaType): string => types[contentType].extension;

/** The type of a key that ends so; null when none of ours does. */
export const mediaTypeOfExtension = (extension: string): MediaType | null =>
  acceptedMediaTypes.find((type) => types[type].extension === extension) ?? null;

export const familyOf = (contentType: MediaType): Family => types[contentType].family;

/** The most bytes an object of the type may have. */
export const maxBytesOf = (contentType: MediaType): number => maxBytes[familyOf(contentType)];

/** The accepted types, for messages and schemas. */
export const acceptedMediaTypes: readonly MediaType[] = Object.keys(types).filter(isAcceptedMediaType);
