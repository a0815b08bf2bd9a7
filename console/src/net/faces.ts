// Requests about faces: photos tried, a template kept or withdrawn, one portrait. Pictures travel in a request's body.
import type { components } from "../api/schema";
import { answer, api, type Answer } from "./client.ts";
import type { Why } from "../model/people.ts";

type Schemas = components["schemas"];

export type Tried = Schemas["TriedOut"];
export type Enrolled = Schemas["EnrolledFaceOut"];
export type Basis = Schemas["FaceBasis"];
export type PhotoProblem = Schemas["PhotoProblem"];

const about = (cardholder: string) => ({ params: { path: { cardholder } } });

export const tryPhotos = (images: string[]): Promise<Answer<Tried>> => answer(api.POST("/api/faces/try", { body: { images } }));

export const enrol = (cardholder: string, body: Schemas["EnrolFaceIn"]): Promise<Answer<Enrolled>> =>
  answer(api.POST("/api/people/{cardholder}/face", { ...about(cardholder), body }));

export const withdraw = (cardholder: string, reason: string) =>
  answer(api.POST("/api/people/{cardholder}/face/withdraw", { ...about(cardholder), body: { reason } }));

export const keepPortrait = (cardholder: string, image: string, reason: string) =>
  answer(api.POST("/api/people/{cardholder}/portrait", { ...about(cardholder), body: { image, reason } }));

export const removePortrait = (cardholder: string, reason: string) =>
  answer(api.POST("/api/people/{cardholder}/portrait/remove", { ...about(cardholder), body: { reason } }));

/** Return the portrait of somebody who waits for a guard's look. */
export const comparePortrait = (cardholder: string): Promise<Answer<Blob>> =>
  answer(api.POST("/api/people/{cardholder}/portrait/compare", { ...about(cardholder), parseAs: "blob" })) as unknown as Promise<Answer<Blob>>;

/** Return somebody's portrait as part of their record, which is read for a purpose. */
export const readPortrait = (cardholder: string, why: Why): Promise<Answer<Blob>> =>
  answer(api.POST("/api/people/{cardholder}/portrait/read", { ...about(cardholder), body: why, parseAs: "blob" })) as unknown as Promise<Answer<Blob>>;
